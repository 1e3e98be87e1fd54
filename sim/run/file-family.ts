/** A file's kind, by its name. */
export function fileFamily(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const kind = name.replaceAll(/\d+/g, "N").replace(/^[0-9a-f-]*N[0-9a-zA-ZN-]*-wal-/, "archived-wal-");
  const [, place = ""] = /^\/(cold|archive|backups|restored)/.exec(path) ?? [];
  return place === "" ? kind : `${place} ${kind}`;
}
