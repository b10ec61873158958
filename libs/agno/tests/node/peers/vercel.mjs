// Holds a chat through the true client of the AI SDK. Reads a scenario as JSON from standard input:
// {api, body, turns: [{say, files, approve, reason, results: {toolName: output}, regenerate, stopAt, resume: path}]}.
import { AbstractChat, DefaultChatTransport } from "ai";
import { readFileSync } from "node:fs";

const scenario = JSON.parse(readFileSync(0, "utf8"));
const state = {
  status: "ready", error: undefined, messages: [],
  pushMessage(m) { this.messages = [...this.messages, m]; },
  popMessage() { this.messages = this.messages.slice(0, -1); },
  replaceMessage(i, m) { this.messages = this.messages.with(i, m); watch(); },
  snapshot: (value) => structuredClone(value),
};
class Chat extends AbstractChat {}
const data = [];
let turn = {};
let answered = () => {};
const asks = async (...given) => { const answer = await fetch(...given); answered(); return answer; };
const transport = new DefaultChatTransport({ api: scenario.api, body: scenario.body, fetch: asks });
const make = () => new Chat({
  id: "c1", state, transport, onData: (part) => data.push(part), onFinish: ({ isAbort, finishReason }) => {
    turn.finish = { isAbort, finishReason };
  },
});
let chat = make();
function watch() {
  const parts = state.messages.at(-1).parts;
  if (turn.stopAt && parts.some((part) => part.type === turn.stopAt)) { turn.stopAt = null; chat.stop(); }
}
const waiting = () => state.messages.at(-1).parts.filter((part) => part.toolCallId);
const seen = [];
for (const given of scenario.turns) {
  turn = given;
  if (given.say !== undefined) await chat.sendMessage({ text: given.say, files: given.files });
  if (given.regenerate) await chat.regenerate();
  if (given.approve !== undefined) {
    for (const part of waiting().filter((one) => one.state === "approval-requested"))
      await chat.addToolApprovalResponse({ id: part.approval.id, approved: given.approve, reason: given.reason });
    await chat.sendMessage();
  }
  for (const [name, output] of Object.entries(given.results ?? {})) {
    const part = waiting().find((one) => one.type === `tool-${name}`);
    await chat.addToolOutput({ tool: name, toolCallId: part.toolCallId, output });
    await chat.sendMessage();
  }
  if (given.resume) { // as a page that was loaded anew: what it had of the answer is gone
    state.messages = state.messages.filter((one) => one.role === "user");
    chat = make();
    const there = new Promise((resolve) => { answered = resolve; });
    const back = chat.resumeStream();
    await there;
    await fetch(new URL(given.resume, scenario.api), { method: "POST" });
    await back;
  }
  seen.push({ error: state.error?.message ?? null, finish: turn.finish ?? null, messages: structuredClone(state.messages) });
}
console.log(JSON.stringify({ turns: seen, messages: state.messages, data }));
