// The built program's command line, with the settings of the server that the journeys visit.
import { execFileSync } from "node:child_process";
import { join } from "node:path";

export const root = join(import.meta.dirname, "..");
export const binary = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug", "voxlink");

/** Runs `voxlink …` and returns what it printed. */
export function voxlink(...words: string[]): string {
  return execFileSync(binary, words, { cwd: root, encoding: "utf8", timeout: 120_000 });
}

/** Makes an administrator; the address and the password. */
export function administrator(): [email: string, password: string] {
  const email = `ada.${Date.now()}.${process.pid}@example.com`;
  const told = voxlink("staff", "add", "--email", email, "--name", "Ada Administrator", "--role", "super_admin");
  const secret = /password (\S+)/.exec(told)?.[1];
  if (!secret) throw new Error(`No password in: ${told}`);
  return [email, secret];
}
