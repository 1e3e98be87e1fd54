import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 39,
  what: "an ack is accepted from a holder whose lease was taken over",
  letters: ["S", "C"],
  patches: [
    {
      file: "src/queue/job-table.ts",
      search: `    return job?.state === "leased" && !job.busy && job.node === node ? job : undefined;`,
      replace: `    return job?.state === "leased" && !job.busy && node !== "" ? job : undefined;`,
    },
    {
      file: "src/queue/queue.ts",
      search: `      if (job === undefined || (token !== "" && token !== leaseIdText(job.idPrefix, job.idNumber))) {`,
      replace: `      if (job === undefined || (token !== "" && !token.startsWith("lease_"))) {`,
    },
  ],
};
