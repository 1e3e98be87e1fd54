import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 43,
  what: "a closed work stream releases another stream's leases of the same node",
  letters: ["S", "C"],
  patches: [
    {
      file: "src/queue/job-table.ts",
      search: "  job(seq: number): Job | undefined {",
      replace: `  get seqs(): Iterable<number> {
    return this.#jobs.keys();
  }

  job(seq: number): Job | undefined {`,
    },
    {
      file: "src/queue/queue.ts",
      search: `    for (const seq of seqs) {
      const job = this.table.job(seq);
      if (job?.owner === owner && `,
      replace: `    for (const seq of seqs.length > 0 ? this.table.seqs : seqs) {
      const job = this.table.job(seq);
      if (job?.node === owner.node && `,
    },
  ],
};
