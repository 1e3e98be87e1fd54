/** A reader's own nodes, whose records it does not want back (spec 2.7, 4.1). */
import type { TArray, TNull, TOptional, TString, TUnion } from "typebox";
import { Array as array, String as string, Union } from "typebox";
import { invalidField } from "../../base/errors.ts";
import { nullable } from "./fields.ts";

/** Nodes that one reader may call its own. */
const maxNodes = 1000;
const noNodes: readonly string[] = [];

export function nodeField(): TOptional<TUnion<[TUnion<[TString, TArray<TString>]>, TNull]>> {
  return nullable(Union([string(), array(string())]), "a string or an array of strings");
}

export function nodesFrom(node: string | string[] | null | undefined): readonly string[] {
  if (node === undefined || node === null) return noNodes;
  return typeof node === "string" ? [node] : node;
}

export function checkNodes(nodes: readonly string[], maxNodeBytes: number): void {
  if (nodes.length > maxNodes) throw invalidField("node", `node names at most ${maxNodes} nodes, not ${nodes.length}.`);
  for (const node of nodes) {
    if (Buffer.byteLength(node) > maxNodeBytes) {
      throw invalidField("node", `node is longer than ${maxNodeBytes} bytes: no record can carry it.`);
    }
  }
}
