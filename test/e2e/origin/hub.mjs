// The network of the scenarios: `node hub.mjs PORT`. /file/PATH is that file; anything else is answered with a word.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const server = createServer((request, response) => {
  const path = /^\/file(\/.*)$/u.exec(request.url)?.[1];
  response.setHeader("Connection", "close");
  response.end(path === undefined ? "ok\n" : readFileSync(decodeURI(path)));
});
server.listen(Number(process.argv[2]), "127.0.0.1");
process.stdin.on("end", () => process.exit(0)).resume();
