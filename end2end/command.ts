// The built program's command line, with the settings of the server that the journeys visit.
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";

export const root = join(import.meta.dirname, "..");
export const binary = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug", "voxlink");
/** Where the server listens; two runs at once need two. */
export const port = process.env.E2E_PORT ?? "3199";

/** Runs `voxlink …` and returns what it printed. */
export function voxlink(...words: string[]): string {
  return execFileSync(binary, words, { cwd: root, encoding: "utf8", timeout: 120_000 });
}

/** Compares the local carrier's numbers with ours as from another address: all call the wrong one. Differences are exit code 1. */
export function drift(): void {
  const env = { ...process.env, PUBLIC_URL: "https://moved.example" };
  const words = ["numbers", "audit", "--provider", "local"];
  const done = spawnSync(binary, words, { cwd: root, encoding: "utf8", timeout: 120_000, env });
  if (done.status !== 1) throw new Error(`Nothing drifted: ${done.status} ${done.stdout} ${done.stderr}`);
}

/** Makes an administrator; the address and the password. */
export function administrator(): [email: string, password: string] {
  const email = `ada.${Date.now()}.${process.pid}@example.com`;
  const told = voxlink("staff", "add", "--email", email, "--name", "Ada Administrator", "--role", "super_admin");
  const secret = /password (\S+)/.exec(told)?.[1];
  if (!secret) throw new Error(`No password in: ${told}`);
  return [email, secret];
}
