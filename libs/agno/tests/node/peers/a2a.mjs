// Holds a conversation through a true client of A2A, of version 1.x or 0.3. Reads a scenario as JSON from standard input:
// {card, sdk, binding, key, turns: [{say, data, file: {name, type, base64}, task, at_once, cancelAt, cancel, get, push}]};
// `task: true` is the task of the last turn. Prints per turn {error, code, events: [{kind, state, text, files, asked}]}.
import { readFileSync } from "node:fs";

const scenario = JSON.parse(readFileSync(0, "utf8"));
const isOld = scenario.sdk === "0.3";
const sdk = await import(isOld ? "a2a-js-sdk-0.3/client" : "@a2a-js/sdk/client");
const fetchImpl = (url, init = {}) => {
  const headers = new Headers(init.headers);
  if (scenario.key) headers.set("Authorization", `Bearer ${scenario.key}`);
  return fetch(url, { ...init, headers });
};
const factory = new sdk.ClientFactory({
  transports: [new sdk.JsonRpcTransportFactory({ fetchImpl }), new sdk.RestTransportFactory({ fetchImpl })],
  preferredTransports: [scenario.binding],
  cardResolver: new sdk.DefaultAgentCardResolver({ fetchImpl }),
});
const client = await factory.createFromUrl(scenario.card, "");

function parts(turn) {
  const found = [];
  const { file } = turn;
  if (isOld) {
    if (turn.say !== undefined) found.push({ kind: "text", text: turn.say });
    if (turn.data) found.push({ kind: "data", data: turn.data });
    if (file) found.push({ kind: "file", file: { name: file.name, mimeType: file.type, bytes: file.base64 } });
    return found;
  }
  const add = (content, filename = "", mediaType = "") => found.push({ content, metadata: undefined, filename, mediaType });
  if (turn.say !== undefined) add({ $case: "text", value: turn.say });
  if (turn.data) add({ $case: "data", value: turn.data });
  if (file) add({ $case: "raw", value: Buffer.from(file.base64, "base64") }, file.name, file.type);
  return found;
}

let counter = 0;
function sent(turn, taskId) {
  const ids = { messageId: `m${++counter}`, ...(turn.task ? { taskId } : {}) };
  if (isOld) {
    const message = { kind: "message", role: "user", parts: parts(turn), ...ids };
    return { message, configuration: { blocking: !turn.at_once } };
  }
  const message = { contextId: "", taskId: "", role: 1, parts: parts(turn), extensions: [], referenceTaskIds: [], ...ids };
  return { message: { ...message, metadata: undefined }, configuration: { acceptedOutputModes: [], returnImmediately: !!turn.at_once } };
}

const STATES = ["", "submitted", "working", "completed", "failed", "canceled", "input-required", "rejected"];
const stateOf = (status) => (status ? STATES[status.state] ?? status.state : null);

function contents(given) {
  const found = { text: "", files: [], asked: [] };
  for (const part of given ?? []) {
    const kind = isOld ? part.kind : part.content.$case;
    const value = isOld ? part.text ?? part.data ?? part.file : part.content.value;
    if (kind === "text") found.text += value;
    if (kind === "data") found.asked.push(value);
    if (kind === "raw") found.files.push({ name: part.filename, type: part.mediaType, base64: Buffer.from(value).toString("base64") });
    if (kind === "file") found.files.push({ name: value.name, type: value.mimeType, base64: value.bytes });
  }
  return found;
}

function shown(event) {
  const inner = isOld ? event : event.payload?.value ?? event;
  const given = inner.artifact ? inner.artifact.parts : [...(inner.artifacts ?? []).flatMap((a) => a.parts), ...(inner.status?.message?.parts ?? [])];
  const kind = inner.artifact ? "artifact" : inner.taskId ? "status" : "task";
  return { kind, id: inner.taskId ?? inner.id, state: stateOf(inner.status), append: inner.append ?? false, ...contents(given) };
}

async function act(turn, id, events) {
  if (turn.get) return events.push(shown(await client.getTask({ id })));
  if (turn.cancel) return events.push(shown(await client.cancelTask({ id })));
  if (turn.push) {
    const config = isOld
      ? client.setTaskPushNotificationConfig({ taskId: id, pushNotificationConfig: { url: "http://127.0.0.1/x" } })
      : client.createTaskPushNotificationConfig({ taskId: id, url: "http://127.0.0.1/x", id: "", token: "", tenant: "" });
    return await config;
  }
  if (turn.at_once) return events.push(shown(await client.sendMessage(sent(turn, id))));
  for await (const event of client.sendMessageStream(sent(turn, id))) {
    const one = shown(event);
    events.push(one);
    if (turn.cancelAt && one.state === turn.cancelAt) {
      events.push(shown(await client.cancelTask({ id: one.id })));
      turn.cancelAt = null;
    }
  }
}

const turns = [];
let last;
for (const turn of scenario.turns) {
  const events = [];
  let error = null;
  try {
    await act(turn, turn.id ?? last, events);
  } catch (caught) {
    error = `${caught.name}: ${caught.message} ${caught.code ?? ""}`;
  }
  last = events.findLast((one) => one.id)?.id ?? last;
  turns.push({ error, events });
}
console.log(JSON.stringify(turns));
