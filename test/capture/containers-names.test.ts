import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ContainerNames } from "../../src/capture/containers/container-names.ts";

const ID = "ab".repeat(32);
const POD = "4e0f4f0f-1c2d-4e3f-8a9b-0c1d2e3f4a5b";
const PATH = `/kubepods/burstable/pod${POD}/${ID}`;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "containers-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function write(path: string, content: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(content));
}

test("a pod's container under containerd: name, image and pod", () => {
  const root = folder();
  const annotations = {
    "io.kubernetes.cri.container-type": "container",
    "io.kubernetes.cri.container-name": "app",
    "io.kubernetes.cri.image-name": "registry.example/app:2",
    "io.kubernetes.cri.sandbox-name": "web-7c9",
    "io.kubernetes.cri.sandbox-namespace": "shop",
    "io.kubernetes.cri.sandbox-uid": POD,
  };
  write(join(root, "k8s.io", ID, "config.json"), { annotations });
  expect(new ContainerNames({ roots: { tasks: [root] } }).lookup(PATH)).toEqual({
    kind: "container",
    runtime: "containerd",
    id: ID,
    name: "app",
    image: "registry.example/app:2",
    pod: { uid: POD, name: "web-7c9", namespace: "shop" },
  });
});

test("a pod's sandbox carries the pod's name", () => {
  const root = folder();
  const annotations = {
    "io.kubernetes.cri.container-type": "sandbox",
    "io.kubernetes.cri.sandbox-name": "web-7c9",
    "io.kubernetes.cri.sandbox-namespace": "shop",
    "io.kubernetes.cri.sandbox-uid": POD,
  };
  write(join(root, "k8s.io", ID, "config.json"), { annotations });
  expect(new ContainerNames({ roots: { tasks: [root] } }).lookup(PATH)).toMatchObject({ kind: "pod", name: "web-7c9" });
});

test("a pod's container under CRI-O", () => {
  const root = folder();
  const annotations = {
    "io.kubernetes.cri-o.Name": `k8s_app_web-7c9_shop_${POD}_0`,
    "io.kubernetes.cri-o.ImageName": "registry.example/app:2",
    "io.kubernetes.container.name": "app",
    "io.kubernetes.pod.name": "web-7c9",
    "io.kubernetes.pod.namespace": "shop",
    "io.kubernetes.pod.uid": POD,
  };
  write(join(root, ID, "userdata", "config.json"), { annotations });
  expect(new ContainerNames({ roots: { storage: [root] } }).lookup(PATH)).toMatchObject({
    runtime: "cri-o",
    name: "app",
    image: "registry.example/app:2",
    pod: { uid: POD, name: "web-7c9", namespace: "shop" },
  });
});

test("an engine that says nothing leaves the short id and the pod", () => {
  expect(new ContainerNames().lookup(PATH)).toMatchObject({
    kind: "container",
    name: ID.slice(0, 12),
    pod: { uid: POD },
  });
  expect(new ContainerNames().lookup("/")).toBeUndefined();
});

test("a state file that appears late is found, and a name outlives its file", () => {
  const root = folder();
  let nowMs = 0;
  const names = new ContainerNames({ roots: { docker: [root] }, nowMs: () => nowMs });
  const name = () => names.lookup(`/docker/${ID}`)?.name;
  expect(name()).toBe(ID.slice(0, 12));
  write(join(root, "containers", ID, "config.v2.json"), { Name: "/web", Config: { Image: "nginx" } });
  nowMs += 1_000;
  expect(name()).toBe("web");
  rmSync(join(root, "containers"), { recursive: true });
  nowMs += 3_600_000;
  expect(name()).toBe("web");
});

test("a link in place of a state file is not followed", () => {
  const root = folder();
  const elsewhere = join(folder(), "config.v2.json");
  write(elsewhere, { Name: "/planted", Config: {} });
  mkdirSync(join(root, "containers", ID), { recursive: true });
  symlinkSync(elsewhere, join(root, "containers", ID, "config.v2.json"));
  expect(new ContainerNames({ roots: { docker: [root] } }).lookup(`/docker/${ID}`)?.name).toBe(ID.slice(0, 12));
});

test("a user cannot borrow the name of another's container through a cgroup of his own", () => {
  const root = folder();
  write(join(root, "containers", ID, "config.v2.json"), { Name: "/web", Config: {} });
  const names = new ContainerNames({ roots: { docker: [root] } });
  expect(names.lookup(`/system.slice/docker-${ID}.scope`)?.name).toBe("web");
  expect(names.lookup(`/user.slice/user-65534.slice/user@65534.service/docker-${ID}.scope`)?.name).toBe(
    ID.slice(0, 12),
  );
});
