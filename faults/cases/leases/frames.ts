/** Leases, acks and nacks whose frame in the log fails (spec 5, 6.1): a claim that is not logged is none, an ack that is not takes nothing. */
import assert from "node:assert/strict";
import { type FaultCase, faultCases } from "../../fault-case.ts";
import { queueOfThree, Jobs } from "../../jobs.ts";

function failing(name: string, fault: string, what: string, guards: readonly number[] = []): FaultCase {
  return {
    name: `lease-frame-${name}`,
    section: "5",
    what: `${what} for a claim with durable leases`,
    permits: "The claim fails and the job stays ready: the next start gives it out for the first time",
    prepare: async (scene) => void (await queueOfThree(scene, { durability: "fsync" })),
    faults: [fault],
    run: async (scene) => {
      const jobs = new Jobs(scene, "q");
      await jobs.refused("wal_unavailable", jobs.claim("w", 2));
      await scene.pass(1000);
      scene.lift();
      scene.kill();
      await scene.start();
      await jobs.holds([1, 2, 3]);
      await jobs.claims("w", 3, "1(1) 2(1) 3(1)");
    },
    outcome: { exactly: "Jobs 1 to 3, each delivered for the first time" },
    guards,
  };
}

export const cases: readonly FaultCase[] = faultCases([
  failing("write-eio", "write(wal-)#1:EIO", "The write of the frame fails"),
  failing("write-enospc", "write(wal-)#1:ENOSPC", "There is no space for the frame"),
  failing("sync-eio", "datasync(wal-)#1:EIO:B", "The sync of the frame fails", [1, 5]),
  failing("torn-write", "write(wal-)#1:after=100:EIO", "The write fails in the middle of the frame", [24]),
  {
    name: "lease-frame-torn",
    section: "5",
    what: "Power is lost when half of the frame of a claim is on the device, of class `disk`",
    permits: "The claim has not been: the jobs are ready, and none is missing",
    run: async (scene) => {
      const jobs = new Jobs(scene, "q");
      await jobs.claim("w", 2);
      scene.powerLoss(`tear:${scene.pendingWrite(/wal-/)}:prefix=0`);
      await scene.start();
      await jobs.holds([1, 2, 3]);
      await jobs.claims("w", 3, "1(1) 2(1) 3(1)");
    },
    prepare: async (scene) => void (await queueOfThree(scene, { durability: "disk" })),
    outcome: { exactly: "Jobs 1 to 3, each delivered for the first time" },
    guards: [24],
  },
  {
    name: "lease-survives-a-kill",
    section: "5",
    what: "The process is killed right behind a claim with durable leases",
    permits: "The same node and lease still hold the job, nobody else gets it, and its ack counts",
    prepare: async (scene) => void (await queueOfThree(scene, { durability: "disk" })),
    run: async (scene) => {
      const jobs = new Jobs(scene, "q");
      const [job] = await jobs.claim("w", 1);
      scene.strike("death behind a claim");
      scene.kill();
      await scene.start();
      await jobs.claims("other", 3, "2(1) 3(1)");
      assert.equal(await jobs.ack("w", [job.seq], [job.leaseId]), 1);
      await jobs.holds([2, 3]);
    },
    outcome: { exactly: "Job 1 acked by its holder, 2 and 3 given to another" },
  },
  {
    name: "lease-ids-never-again",
    section: "9.4",
    what: "The process is killed behind a claim, and the job is claimed again when the lease has expired",
    permits: "No lease id is given out twice: the dead worker's is no good any more",
    prepare: async (scene) => void (await queueOfThree(scene, { durability: "fsync", leasesDurable: false })),
    run: async (scene) => {
      const jobs = new Jobs(scene, "q");
      const [before] = await jobs.claim("w", 1);
      scene.strike("death behind a claim");
      scene.kill();
      await scene.start();
      const [after] = await jobs.claim("w", 1);
      assert.equal(after.seq, before.seq);
      assert.notEqual(after.leaseId, before.leaseId);
      assert.equal(await jobs.ack("w", [before.seq], [before.leaseId]), 0);
      assert.equal(await jobs.ack("w", [after.seq], [after.leaseId]), 1);
    },
    outcome: { exactly: "Two ids, the first of them without force" },
    guards: [40],
  },
  {
    name: "ack-frame-write-eio",
    section: "5",
    what: "The write of an ack fails",
    permits: "The ack is refused, and the job is there: it can be claimed again behind the next start",
    prepare: async (scene) => void (await queueOfThree(scene, { durability: "fsync", leasesDurable: false })),
    faults: ["write(wal-)#1:EIO"],
    run: async (scene) => {
      const jobs = new Jobs(scene, "q");
      await jobs.claim("w", 2);
      await jobs.refused("wal_unavailable", jobs.ack("w", [1]));
      await scene.pass(1000);
      scene.lift();
      scene.kill();
      await scene.start();
      await jobs.holds([1, 2, 3]);
    },
    outcome: { exactly: "Jobs 1 to 3" },
  },
  {
    name: "ack-frame-sync-eio",
    section: "5",
    what: "The sync behind an ack of an `fsync` queue fails",
    permits: "The ack is refused, and the job is there behind the next start",
    prepare: async (scene) => void (await queueOfThree(scene, { durability: "fsync", leasesDurable: false })),
    faults: ["datasync(wal-)#1:EIO:B"],
    run: async (scene) => {
      const jobs = new Jobs(scene, "q");
      await jobs.claim("w", 2);
      await jobs.refused("wal_unavailable", jobs.ack("w", [1]));
      await scene.pass(1000);
      scene.lift();
      scene.kill();
      await scene.start();
      await jobs.holds([1, 2, 3]);
    },
    outcome: { exactly: "Jobs 1 to 3" },
    guards: [1, 5],
  },
  {
    name: "ack-survives-a-kill",
    section: "5",
    what: "The process is killed right behind an ack",
    permits: "The job does not come back, the others do",
    prepare: async (scene) => void (await queueOfThree(scene, { durability: "disk", leasesDurable: false })),
    run: async (scene) => {
      const jobs = new Jobs(scene, "q");
      await jobs.claim("w", 2);
      assert.equal(await jobs.ack("w", [1]), 1);
      scene.strike("death behind an ack");
      scene.kill();
      await scene.start();
      await jobs.holds([2, 3]);
      await jobs.claim("w", 3);
    },
    outcome: { exactly: "Jobs 2 and 3" },
  },
  {
    name: "nack-delay-survives-a-kill",
    section: "5",
    what: "The process is killed behind a nack with a delay of a minute",
    permits: "The job is not claimable before its time, and is behind it",
    prepare: async (scene) => void (await queueOfThree(scene, { durability: "disk", leasesDurable: false })),
    run: async (scene) => {
      const jobs = new Jobs(scene, "q");
      await jobs.claim("w", 1);
      await jobs.nack("w", [1], 60_000);
      scene.strike("death behind a nack");
      scene.kill();
      await scene.start();
      const claimed = (await jobs.claim("v", 3)).map(({ seq }) => seq);
      assert.deepEqual(claimed, [2, 3]);
      await scene.pass(61_000);
      assert.deepEqual((await jobs.claim("v", 3)).map(({ seq }) => seq).includes(1), true);
    },
    outcome: { exactly: "Job 1 behind its minute, 2 and 3 at once" },
    guards: [44],
  },
  {
    name: "lease-and-a-clock-that-goes-back",
    section: "9.4",
    what: "The wall clock goes back by an hour while a job is leased for half a minute",
    permits: "The lease is not extended by that: it expires in its time",
    prepare: async (scene) => void (await queueOfThree(scene, { durability: "disk" })),
    run: async (scene) => {
      const jobs = new Jobs(scene, "q");
      await jobs.claim("w", 3);
      scene.strike("the wall clock goes back by an hour");
      scene.machine.scheduler.jumpWall(-3_600_000);
      assert.deepEqual(await jobs.claim("v", 3), []);
      await scene.pass(31_000);
      await jobs.claims("v", 3, "1(2) 2(2) 3(2)");
    },
    outcome: { exactly: "All three given out again behind 30 s" },
    guards: [38],
  },
  {
    name: "lease-and-a-clock-that-goes-forward",
    section: "9.4",
    what: "The wall clock goes forward by a year while jobs are leased",
    permits: "No job is lost, and no lease ends before its time on the monotonic clock",
    prepare: async (scene) => void (await queueOfThree(scene, { durability: "disk" })),
    run: async (scene) => {
      const jobs = new Jobs(scene, "q");
      await jobs.claim("w", 2);
      scene.strike("the wall clock goes forward by a year");
      scene.machine.scheduler.jumpWall(365 * 86_400_000);
      await scene.pass(5000);
      await jobs.claims("v", 3, "3(1)");
      assert.equal(await jobs.ack("w", [1, 2]), 2);
      await jobs.holds([3]);
    },
    outcome: { exactly: "Jobs 1 and 2 acked by their holder" },
  },
]);
