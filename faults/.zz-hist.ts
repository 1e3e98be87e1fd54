import { History } from "/work/main/faults/history.ts";
const [from, to, faults] = process.argv.slice(2).map(Number);
let bad = 0;
const t = performance.now();
process.on("unhandledRejection", (e) => {
  console.log("UNHANDLED", e);
});
for (let i = from; i < to; i++) {
  const h = new History({ seed: `h${i}`, runs: 6, faults: faults === 1 });
  const seen = setInterval(() => console.log(i, h.trace.slice(-3)), 3000);
  try {
    await h.play();
  } catch (e) {
    bad++;
    console.log("seed", i, e instanceof Error ? (e.stack ?? "").split("\n").slice(0, 6).join("\n") : e);
    if (process.env["T"]) console.log(h.trace.join("\n"));
    if (bad > 5) break;
  } finally {
    clearInterval(seen);
  }
}
console.log("done", bad, ((performance.now() - t) / (to - from)).toFixed(1), "ms each");
