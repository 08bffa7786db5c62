const LIMIT_BYTES = 1 << 20;
const TIMEOUT_MS = 2_000;

/**
 * Asks a Docker-compatible engine about one container. For a user of the docker group, who may talk to the engine but not
 * read its files. Resolves to the parsed answer, or undefined when there is none.
 */
export async function inspect(socketPath: string, id: string): Promise<unknown> {
  // Loaded when first needed: it is a fifth of the program's start.
  const { request } = await import("node:http");
  return new Promise((resolve) => {
    const asked = request(
      { socketPath, path: `/containers/${id}/json`, timeout: TIMEOUT_MS, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        let length = 0;
        answer.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length > LIMIT_BYTES) answer.destroy();
          else chunks.push(chunk);
        });
        answer.on("error", () => resolve(undefined));
        answer.on("close", () => resolve(undefined));
        answer.on("end", () => resolve(answer.statusCode === 200 ? parse(Buffer.concat(chunks)) : undefined));
      },
    );
    asked.on("socket", (socket) => socket.unref());
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(undefined));
    asked.end();
  });
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}
