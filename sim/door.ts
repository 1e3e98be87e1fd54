/**
 * What clients of a simulated server speak to: the engine itself, or HTTP in front of it (spec 8.2). Both answer with the
 * same values and the same errors, so that actors and oracle need not know which it is.
 */
import type { AppendRequest, Engine, TopicPage, TopicState } from "../src/engine/api.ts";

/** What a caller that speaks HTTP sends, beside what the engine is handed. */
export interface WrittenAppend extends AppendRequest {
  /** The records, as JSON. */
  readonly body: string;
}

type Same = "read" | "configureTopic" | "deleteTopic" | "deleteRecords" | "putRouter" | "deleteRouter" | "backup";

export interface Door extends Pick<Engine, Same> {
  append(topic: string, request: WrittenAppend): ReturnType<Engine["append"]>;
  topicState(topic: string, touch: boolean): TopicState | Promise<TopicState>;
  listTopics(
    prefix: string,
    after: string | undefined,
    pageSize: number,
    touch: boolean,
  ): TopicPage | Promise<TopicPage>;
}

/** A door that something has to be done for before the engine is stopped. */
export interface ClosingDoor extends Door {
  close(): Promise<void>;
}
