/**
 * What stands for an account in a circle: the first letter or digit of its name. Null where the name
 * begins with a bracket, as that of the account does which there is without log-in, or has neither.
 */
export function initialOf(username: string): string | null {
  if (username.startsWith('(')) return null;
  const sign = /[\p{Letter}\p{Number}]/u.exec(username)?.[0];
  // Some letters have no capital of one sign.
  return sign === undefined ? null : (Array.from(sign.toUpperCase())[0] ?? null);
}
