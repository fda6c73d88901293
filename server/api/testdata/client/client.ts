// A program that knows of the API what its OpenAPI document says and nothing
// else: everything below ./gen was generated from it. What it saw goes to
// standard output as JSON, for client_test.go to judge.
import * as api from "./gen";
import { createClient, createConfig } from "./gen/client";

declare const process: { env: Record<string, string | undefined>; exitCode?: number };

const baseUrl = process.env.FIRSTLIGHT_URL + "/api/v1";

// as is a client that shows a credential the way in which the document asks for it.
function as(where: "cookie" | "header", secret: string) {
  return createClient(createConfig<api.ClientOptions>({
    baseUrl,
    auth: (asked) => ((asked.in ?? "header") === where ? secret : undefined),
  }));
}

// good unwraps an answer that must not be a problem.
function good<T>(answer: { data?: T; error?: api.ErrorModel; response: Response }): T {
  if (answer.data === undefined) throw new Error(`${answer.response.status}: ${answer.error?.detail}`);
  return answer.data;
}

// problem is what an answer that must be one says.
function problem(answer: { error?: api.ErrorModel; response: Response }) {
  if (answer.error === undefined) throw new Error(`${answer.response.status}, want a problem`);
  return { status: answer.error.status, detail: answer.error.detail, location: answer.error.errors?.[0]?.location };
}

async function pages(client: ReturnType<typeof as>, selector: string) {
  const names: string[][] = [];
  for (let cursor: string | undefined; ; ) {
    const page: api.ListMachine = good(await api.listMachines({ client, query: { selector, limit: 2, cursor } }));
    names.push(page.items.map((m) => m.name));
    cursor = page.next_cursor;
    if (cursor === undefined) return names;
  }
}

async function order(client: ReturnType<typeof as>): Promise<api.Job> {
  const made = good(await api.createJob({
    client,
    headers: { "Idempotency-Key": "generated" },
    body: { action: "install", target: "hardwarename=FL2", params: { image: "debian-12", role: "web" } },
  }));
  if (!("id" in made)) throw new Error("many jobs, want one");
  return made;
}

// follow reads the stream from an event on, until it told of the job's machine.
async function follow(client: ReturnType<typeof as>, machine: string) {
  const ends = new AbortController();
  const { stream } = await api.streamEvents({ client, signal: ends.signal, headers: { "Last-Event-ID": "1" } });
  for await (const event of stream) {
    if ("text" in event && event.machine === machine) {
      ends.abort();
      return event.text;
    }
  }
}

async function main() {
  const person = as("cookie", process.env.SESSION ?? "");
  const token = good(await api.createToken({ client: person, body: { label: "generated", role: "engineer", lifetime_seconds: 600 } }));
  const client = as("header", token.secret);
  const me = good(await api.getMe({ client }));
  const job = await order(client);
  return {
    token: token.id, me,
    names: await pages(client, "status=available rack=r1"),
    machine: good(await api.getMachine({ client, path: { ref: "FL1" } })),
    missing: problem(await api.getMachine({ client, path: { ref: "NOBODY" } })),
    wrong: problem(await api.listMachines({ client, query: { selector: "statsu=available" } })),
    refused: problem(await api.createToken({ client, body: { label: "x", role: "viewer", lifetime_seconds: 600 } })),
    job: good(await api.getJob({ client, path: { id: job.id } })),
    history: good(await api.machineHistory({ client, path: { ref: job.machine } })),
    event: await follow(client, job.machine),
  };
}

main().then(
  (saw) => console.log(JSON.stringify(saw)),
  (why) => { console.error(why); process.exitCode = 1; },
);
