import type { Runtime } from "./cgroup.ts";
import type { EngineRoots } from "./engines.ts";
import { type JsonObject, object, readState, text } from "./state-file.ts";

export interface Pod {
  readonly uid: string;
  readonly name?: string;
  readonly namespace?: string;
}

/** What an engine's own files say about one container. */
export interface Resolved {
  readonly kind: "container" | "pod";
  readonly runtime: Runtime;
  readonly name: string;
  readonly image?: string;
  readonly pod?: Pod;
}

/** Asks every engine's files for one container; `id` is 64 hex digits, so it is safe inside a path. */
export function resolveFromFiles(id: string, roots: EngineRoots): Resolved | undefined {
  for (const root of roots.docker) {
    const found = fromDocker(readState(`${root}/containers/${id}/config.v2.json`));
    if (found) return found;
  }
  for (const root of roots.storage) {
    // CRI-O keeps names in the bundle, podman in the list.
    const found = fromBundle(readState(`${root}/${id}/userdata/config.json`)) ?? fromStorage(id, root);
    if (found) return found;
  }
  for (const root of roots.tasks) {
    // "moby" is Docker's own namespace: its bundles carry no name.
    for (const namespace of ["k8s.io", "default", "moby"]) {
      const found = fromBundle(readState(`${root}/${namespace}/${id}/config.json`));
      if (found) return found;
    }
  }
  return undefined;
}

/** Docker's config.v2.json and its API's /containers/<id>/json agree on these fields. */
export function fromDocker(value: unknown): Resolved | undefined {
  const state = object(value);
  const name = text(state?.Name)?.replace(/^\//, "");
  if (state === undefined || name === undefined) return undefined;
  const config = object(state.Config);
  const image = text(config?.Image);
  const kubernetes = fromKubernetes(object(config?.Labels) ?? {}, "docker", image);
  return kubernetes ?? { kind: "container", runtime: "docker", name, ...(image === undefined ? {} : { image }) };
}

/** An OCI bundle's config.json: CRI containerd, CRI-O and nerdctl write the names as annotations. */
function fromBundle(value: unknown): Resolved | undefined {
  const notes = object(object(value)?.annotations);
  if (notes === undefined) return undefined;
  const cri = fromCri(notes);
  if (cri !== undefined) return cri;
  const nerdctl = text(notes["nerdctl/name"]);
  if (nerdctl !== undefined) return { kind: "container", runtime: "containerd", name: nerdctl };
  const image = text(notes["io.kubernetes.cri-o.ImageName"]);
  return text(notes["io.kubernetes.cri-o.Name"]) === undefined ? undefined : fromKubernetes(notes, "cri-o", image);
}

function fromCri(notes: JsonObject): Resolved | undefined {
  const uid = text(notes["io.kubernetes.cri.sandbox-uid"]) ?? text(notes["io.kubernetes.cri.sandbox-id"]);
  const podName = text(notes["io.kubernetes.cri.sandbox-name"]);
  if (uid === undefined || podName === undefined) return undefined;
  const pod = podOf(uid, podName, text(notes["io.kubernetes.cri.sandbox-namespace"]));
  const image = text(notes["io.kubernetes.cri.image-name"]);
  const name = text(notes["io.kubernetes.cri.container-name"]);
  const sandbox = notes["io.kubernetes.cri.container-type"] === "sandbox";
  return named(sandbox ? undefined : name, "containerd", pod, image);
}

/** The labels the kubelet gives every container, whatever runs it; "POD" is the pause container. */
function fromKubernetes(labels: JsonObject, runtime: Runtime, image: string | undefined): Resolved | undefined {
  const uid = text(labels["io.kubernetes.pod.uid"]);
  const podName = text(labels["io.kubernetes.pod.name"]);
  if (uid === undefined || podName === undefined) return undefined;
  const name = text(labels["io.kubernetes.container.name"]);
  const pod = podOf(uid, podName, text(labels["io.kubernetes.pod.namespace"]));
  return named(name === "POD" ? undefined : name, runtime, pod, image);
}

function podOf(uid: string, name: string, namespace: string | undefined): Pod {
  return { uid, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** A container of a pod, or the pod's sandbox, which carries the pod's name. */
function named(name: string | undefined, runtime: Runtime, pod: Pod, image: string | undefined): Resolved {
  const base =
    name === undefined ? ({ kind: "pod", name: pod.name ?? pod.uid } as const) : ({ kind: "container", name } as const);
  return { ...base, runtime, pod, ...(image === undefined ? {} : { image }) };
}

/** containers/storage lists containers made with --rm apart since 1.46 (podman 4.4). */
function fromStorage(id: string, root: string): Resolved | undefined {
  for (const file of ["containers.json", "volatile-containers.json"]) {
    const list = readState(`${root}/${file}`);
    const entry = Array.isArray(list) ? object(list.find((one) => object(one)?.id === id)) : undefined;
    const names = entry?.names;
    const name = Array.isArray(names) ? text(names[0]) : undefined;
    if (entry === undefined || name === undefined) continue;
    const image = text(object(parse(entry.metadata))?.["image-name"]);
    return { kind: "container", runtime: "podman", name, ...(image === undefined ? {} : { image }) };
  }
  return undefined;
}

function parse(value: unknown): unknown {
  try {
    return typeof value === "string" ? JSON.parse(value) : undefined;
  } catch {
    return undefined;
  }
}
