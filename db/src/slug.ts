/**
 * What a channel's public name may look like: 1 to 64 of lower-case letters, digits, `-` and `_`, beginning with a letter or a digit.
 * The same pattern is the CHECK constraint of `channels.slug`, so keep it within what POSIX and JavaScript both understand.
 */
export const SLUG_PATTERN = "^[a-z0-9][a-z0-9_-]{0,63}$";

const slug = new RegExp(SLUG_PATTERN);

export const isSlug = (text: string): boolean => slug.test(text);
