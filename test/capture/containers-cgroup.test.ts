import { expect, test } from "vitest";
import { parseCgroup } from "../../src/capture/containers/cgroup.ts";

const ID = "344f3a6931e49783bc9d0b1587a9a1de8506ad67a15922b43a74bf9d8bb97fa5";
const SHORT = ID.slice(0, 12);
const POD = "4e0f4f0f-1c2d-4e3f-8a9b-0c1d2e3f4a5b";
const POD_SLICE = `pod${POD.replaceAll("-", "_")}.slice`;
/** A static pod's uid is the hash of its manifest. */
const STATIC = "f0fbb1a29ba6f1c9ed3ab7ba5bb5b4b1";

const container = (runtime: string, more: object = {}) => ({
  kind: "container",
  runtime,
  id: ID,
  name: SHORT,
  ...more,
});
const pod = { podUid: POD };

test.each([
  ["docker, cgroupfs driver", `/docker/${ID}`, container("docker")],
  ["docker, systemd driver", `/system.slice/docker-${ID}.scope`, container("docker")],
  ["docker, --cgroup-parent", `/build/${ID}`, container("unknown")],
  ["docker, systemd as the container's init", `/docker/${ID}/system.slice/nginx.service`, container("docker")],
  [
    "docker, rootless",
    `/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${ID}.scope`,
    container("docker", { userId: 1000 }),
  ],
  ["podman, cgroupfs manager", `/libpod_parent/libpod-${ID}`, container("podman")],
  ["podman, systemd manager", `/machine.slice/libpod-${ID}.scope/container`, container("podman")],
  [
    "podman, rootless",
    `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope/container`,
    container("podman", { userId: 1000 }),
  ],
  ["podman, quadlet unit", `/system.slice/web.service/libpod-payload-${ID}`, container("podman")],
  ["podman's conmon is no container", `/machine.slice/libpod-conmon-${ID}.scope`, { kind: "unit", runtime: "systemd" }],
  [
    "podman pod",
    `/machine.slice/machine-libpod_pod_${ID}.slice`,
    { kind: "pod", runtime: "podman", id: ID, name: SHORT },
  ],
  ["podman pod's container", `/machine.slice/machine-libpod_pod_${ID}.slice/libpod-${ID}.scope`, container("podman")],
  ["nerdctl, cgroupfs", `/default/${ID}`, container("unknown")],
  ["nerdctl, systemd", `/system.slice/nerdctl-${ID}.scope`, container("containerd")],
  ["kubernetes, cgroupfs, burstable", `/kubepods/burstable/pod${POD}/${ID}`, container("unknown", pod)],
  ["kubernetes, cgroupfs, guaranteed", `/kubepods/pod${POD}/${ID}`, container("unknown", pod)],
  [
    "kubernetes, containerd, besteffort",
    `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-${POD_SLICE}/cri-containerd-${ID}.scope`,
    container("containerd", pod),
  ],
  [
    "kubernetes, cri-o",
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-${POD_SLICE}/crio-${ID}.scope`,
    container("cri-o", pod),
  ],
  [
    "kubernetes, cri-o inner cgroup",
    `/kubepods.slice/kubepods-${POD_SLICE}/crio-${ID}.scope/container`,
    container("cri-o", pod),
  ],
  [
    "kubernetes, docker",
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-${POD_SLICE}/docker-${ID}.scope`,
    container("docker", pod),
  ],
  ["kubernetes, static pod", `/kubepods/burstable/pod${STATIC}/${ID}`, container("unknown", { podUid: STATIC })],
  [
    "containerd with the drivers mixed up",
    `/system.slice/containerd.service/kubepods-burstable-${POD_SLICE}:cri-containerd:${ID}`,
    container("containerd", pod),
  ],
  [
    "kind, a node inside docker",
    `/docker/${"a".repeat(64)}/kubelet/kubepods/burstable/pod${POD}/${ID}`,
    container("unknown", pod),
  ],
  [
    "a pod itself",
    `/kubepods/burstable/pod${POD}`,
    { kind: "pod", runtime: "unknown", id: POD, name: POD.slice(0, 8), podUid: POD },
  ],
  [
    "lxc 4",
    "/lxc.payload.web/system.slice/cron.service",
    { kind: "container", runtime: "lxc", id: "web", name: "web" },
  ],
  ["lxc 3", "/lxc/web/init.scope", { kind: "container", runtime: "lxc", id: "web", name: "web" }],
  [
    "nspawn unit",
    "/machine.slice/systemd-nspawn@deb\\x2d12.service/payload/init.scope",
    { kind: "container", runtime: "nspawn", name: "deb-12" },
  ],
  ["nspawn scope", "/machine.slice/machine-deb\\x2d12.scope", { kind: "container", runtime: "nspawn", name: "deb-12" }],
  [
    "libvirt",
    "/machine.slice/machine-qemu\\x2d3\\x2dvm1.scope/libvirt/emulator",
    { kind: "container", runtime: "machine", name: "vm1" },
  ],
  ["a service", "/system.slice/ssh.service", { kind: "unit", runtime: "systemd", id: "ssh.service", name: "ssh" }],
  [
    "a template",
    "/system.slice/system-getty.slice/getty@tty1.service",
    { kind: "unit", id: "getty@tty1.service", name: "getty@tty1" },
  ],
  [
    "an escaped unit",
    "/system.slice/systemd-fsck@dev-disk-by\\x2duuid-AB.service",
    { kind: "unit", name: "systemd-fsck@dev-disk-by-uuid-AB" },
  ],
  ["init", "/init.scope", { kind: "unit", name: "init.scope" }],
  ["a cgroup a service made inside itself", "/system.slice/docker.service/worker", { kind: "unit", name: "docker" }],
  [
    "a login session",
    "/user.slice/user-1000.slice/session-3.scope",
    { kind: "session", id: "3", name: "session 3", userId: 1000 },
  ],
  [
    "a user's unit",
    "/user.slice/user-1000.slice/user@1000.service/app.slice/app-editor.service",
    { kind: "unit", name: "app-editor", userId: 1000 },
  ],
  ["the root", "/", { kind: "none" }],
  ["outside our namespace", "/../../..", { kind: "none" }],
  ["an unknown folder", "/batch/job7", { kind: "none" }],
])("%s", (_, path, expected) => {
  expect(parseCgroup(path)).toMatchObject(expected);
});
