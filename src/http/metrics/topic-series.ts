/**
 * The series of single topics (spec 7.4): of the first so many that the key may see, written as text at once, because a
 * registry of thousands of series costs more at every look than all the rest.
 */
import type { TopicState } from "../../engine/api.ts";

export const maxTopicSeries = 1000;

interface Series {
  readonly name: string;
  readonly help: string;
  readonly of: (state: TopicState) => number | undefined;
}

const series: readonly Series[] = [
  { name: "topics_topic_head_seq", help: "The newest seq.", of: (state) => state.headSeq },
  { name: "topics_topic_earliest_seq", help: "The oldest seq that is retained.", of: (state) => state.earliestSeq },
  { name: "topics_topic_records_live", help: "Records retained.", of: (state) => state.count },
  { name: "topics_topic_bytes_live", help: "Bytes retained.", of: (state) => state.bytes },
  { name: "topics_topic_queue_ready", help: "Jobs that can be claimed.", of: (state) => state.queue?.ready },
  { name: "topics_topic_queue_in_flight", help: "Jobs that are leased.", of: (state) => state.queue?.inFlight },
];

export const topicSeriesNames: readonly string[] = series.map(({ name }) => name);

/** Names need no escaping: their rule leaves nothing that would. */
export function topicSeriesText(states: readonly TopicState[], truncated: boolean): string {
  const lines = series.flatMap(({ name, help, of }) => {
    const values = states.flatMap((state) => {
      const value = of(state);
      return value === undefined ? [] : [`${name}{topic="${state.topic}"} ${value}`];
    });
    return values.length === 0 ? [] : [head(name, help), ...values];
  });
  const name = "topics_topic_metrics_truncated";
  lines.push(head(name, `1 when there are more than ${maxTopicSeries} topics, and the others are left out.`));
  lines.push(`${name} ${truncated ? 1 : 0}`);
  return `${lines.join("\n")}\n`;
}

function head(name: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge`;
}
