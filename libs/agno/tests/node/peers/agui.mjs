// Holds a conversation through the true client of AG-UI. Reads a scenario as JSON from standard input:
// {url, state, turns: [{say, tools, results: {toolName: text}, answer: payload, decline, file}]}; prints what was seen.
import { HttpAgent, buildResumeArray } from "@ag-ui/client";
import { readFileSync } from "node:fs";

const scenario = JSON.parse(readFileSync(0, "utf8"));
const agent = new HttpAgent({ url: scenario.url, threadId: scenario.threadId, initialState: scenario.state });
const turns = [];
let counter = 0;

function speak(turn) {
  if (turn.say !== undefined) {
    const content = turn.parts ? [{ type: "text", text: turn.say }, ...turn.parts] : turn.say;
    agent.addMessage({ id: `u${++counter}`, role: "user", content });
  }
  for (const [name, content] of Object.entries(turn.results ?? {})) {
    const call = agent.messages.flatMap((m) => m.toolCalls ?? []).findLast((c) => c.function.name === name);
    agent.addMessage({ id: `t${++counter}`, role: "tool", toolCallId: call.id, content });
  }
}

for (const turn of scenario.turns) {
  speak(turn);
  const events = [];
  const parameters = { tools: turn.tools ?? [], context: turn.context ?? [] };
  if ("answer" in turn || turn.decline) {
    const status = turn.decline ? "cancelled" : "resolved";
    const responses = agent.pendingInterrupts.map((i) => [i.id, { status, payload: turn.answer }]);
    parameters.resume = buildResumeArray(agent.pendingInterrupts, Object.fromEntries(responses));
  }
  let error = null;
  let gone; // an aborted run need not settle in the client: then it is not waited for
  const left = new Promise((resolve) => { gone = () => setTimeout(resolve, 500); });
  const onEvent = ({ event }) => {
    events.push(event);
    if (event.type === turn.abortAt) { agent.abortRun(); gone(); }
  };
  try {
    await Promise.race([agent.runAgent(parameters, { onEvent }), left]);
  } catch (caught) {
    error = String(caught);
  }
  turns.push({ error, events, interrupts: agent.pendingInterrupts });
}
console.log(JSON.stringify({ turns, messages: agent.messages, state: agent.state }));
