/** The name rule of topics (spec 1.2). */
const rule = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,254}$/;
export function isTopicName(name: string): boolean {
  return rule.test(name);
}
