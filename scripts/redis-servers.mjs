// Unpacks the servers of other versions that the store for Redis is tested on: Valkey, from Debian's
// backports, and Redis 6, from an older release. They are not installed: each has a folder of its own.
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SERVERS = {
  valkey: {
    suite: "bookworm-backports",
    packages: ["valkey-tools"],
    program: "usr/bin/valkey-check-rdb",
    server: "usr/bin/valkey-server",
  },
  "redis-6": {
    suite: "bullseye",
    program: "usr/bin/redis-check-rdb",
    server: "usr/bin/redis-server",
    packages: ["redis-tools", "lua-bitop", "lua-cjson", "liblua5.1-0", "libssl1.1"],
  },
};
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const home = fileURLToPath(new URL("../test/databases/servers/", import.meta.url));

for (const [name, server] of Object.entries(SERVERS)) {
  const folder = join(home, name);
  if (existsSync(join(folder, server.server))) continue;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    unpack(server, folder);
    // One program has several names, and the package of the server has only the name.
    copyFileSync(join(folder, server.program), join(folder, server.server));
    console.log(`${name}: unpacked`);
  } catch (error) {
    // The tests of this server read the reason and skip with it.
    writeFileSync(join(folder, "unavailable"), error.message);
    console.warn(`${name}: NOT AVAILABLE. ${error.message}`);
  }
}

function unpack({ suite, packages }, folder) {
  const scratch = mkdtempSync(join(tmpdir(), "galleta-debian-"));
  try {
    const sources = join(scratch, "debian.sources");
    writeFileSync(
      sources,
      `Types: deb\nURIs: ${mirror()}\nSuites: ${suite}\nComponents: main\nSigned-By: ${KEYRING}\n`,
    );
    for (const part of ["lists/partial", "cache/archives/partial"]) {
      mkdirSync(join(scratch, part), { recursive: true });
    }
    // apt keeps what it knows of this release in the scratch folder, and needs no root.
    const options = {
      "Dir::State::lists": join(scratch, "lists"),
      "Dir::Cache": join(scratch, "cache"),
      "Dir::Etc::sourcelist": sources,
      "Dir::Etc::sourceparts": "/dev/null",
      "APT::Sandbox::User": "",
    };
    const apt = Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
    run("apt-get", ["update", "-qq", ...apt], scratch);
    run(
      "apt-get",
      ["download", "-qq", ...apt, ...packages.map((each) => `${each}/${suite}`)],
      scratch,
    );
    for (const file of readdirSync(scratch).filter((each) => each.endsWith(".deb"))) {
      run("dpkg-deb", ["-x", file, folder], scratch);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The address of this machine's mirror of Debian. */
function mirror() {
  const said = run("apt-get", ["indextargets", "--format", "$(REPO_URI) $(SUITE)"]);
  const line = said.split("\n").find((each) => /\/debian\/? /.test(each));
  if (line === undefined) throw new Error("apt knows no mirror of Debian.");
  return line.split(" ")[0];
}

function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (error !== undefined) throw new Error(`${command} does not run here.`, { cause: error });
  if (status !== 0) throw new Error(`${command} ${args[0]} failed: ${stderr.trim()}`);
  return stdout;
}
