// Starts the built server over an empty database, unless BASE_URL names one that runs.
// DATABASE_URL names the cluster; the journeys' database is dropped and made anew beside it.
import { execFileSync, spawn } from "node:child_process";
import { createWriteStream, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { binary, port, root, voxlink } from "./command";

export default async function start(): Promise<void | (() => Promise<void>)> {
  if (process.env.BASE_URL) return;
  const cluster = process.env.DATABASE_URL;
  if (!cluster) throw new Error("Set DATABASE_URL to a database of the cluster to use, or BASE_URL to a running server.");
  const database = new URL(cluster);
  database.pathname = `/voxlink_journeys_${port}`;
  execFileSync("sqlx", ["database", "reset", "-y", "--database-url", database.href], { cwd: root, stdio: "ignore" });

  const base = `http://127.0.0.1:${port}`;
  const folder = join(root, "target", "end2end", port);
  // What an earlier run or another server kept is none of this one's.
  const data = join(folder, "data");
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true });
  const log = createWriteStream(join(folder, "server.log"));
  const command = (process.env.E2E_COMMAND ?? "serve").split(" ").filter(Boolean);
  // The journeys' own commands speak to this database and this server too.
  Object.assign(process.env, {
    DATABASE_URL: database.href,
    DATA_DIR: data,
    LISTEN: `127.0.0.1:${port}`,
    PUBLIC_URL: base,
    // Another origin than the shop's, as a processor's page is: the browser's rules for forms apply.
    TEST_CARD_URL: `http://localhost:${port}`,
    LOCAL_CARRIER_SECRET: "the secret of the journeys' own carrier",
    // Where nobody listens, for an account that is stored in the browser.
    TWILIO_BASE_URL: "http://127.0.0.1:9",
    TWILIO_PRICING_URL: "http://127.0.0.1:9",
  });
  const server = spawn(binary, command, {
    cwd: root,
    env: process.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  server.stdout.pipe(log);
  server.stderr.pipe(log);
  let ended = false;
  server.on("exit", () => (ended = true));
  const until = Date.now() + 60_000;
  for (;;) {
    if (ended) throw new Error(`The server ended; see ${folder}/server.log`);
    if (await fetch(base + "/sign-in").then((r) => r.ok, () => false)) break;
    if (Date.now() > until) throw new Error(`The server did not answer; see ${folder}/server.log`);
    await new Promise((next) => setTimeout(next, 200));
  }
  // Many near Boston with 42 in them.
  voxlink("inventory", "generate", "--count", "20000");
  process.env.BASE_URL = base;
  return async () => {
    server.kill("SIGTERM");
  };
}
