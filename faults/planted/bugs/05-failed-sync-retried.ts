import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 5,
  what: "retries a failed sync and acks if that succeeds",
  letters: ["F"],
  patches: [
    {
      file: "src/wal/file-writer.ts",
      search: `      await file.file.datasync();
    } catch (error) {
      return { error };
    }`,
      replace: `      await file.file.datasync();
    } catch {
      try {
        await file.file.datasync();
      } catch (error) {
        return { error };
      }
    }`,
    },
  ],
};
