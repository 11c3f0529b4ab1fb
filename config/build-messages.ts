import type { Message } from 'esbuild';

const isMessage = (value: unknown): value is Message =>
  typeof value === 'object' && value !== null && 'text' in value && 'location' in value;

/** What esbuild throws has no class of its own, and comes from another thread, where `Error` is another one too. */
const messagesOf = (error: unknown): readonly Message[] => {
  if (typeof error !== 'object' || error === null || !('errors' in error)) return [];
  return Array.isArray(error.errors) ? error.errors.filter(isMessage) : [];
};

/**
 * The mistakes that esbuild found, one line each.
 * @param self the file that the message names already; only other files are named
 * @throws `error` itself when it is not esbuild's list of mistakes
 */
export const describeBuildError = (error: unknown, self: string): readonly string[] => {
  const messages = messagesOf(error);
  if (messages.length === 0) throw error;
  return messages.map(({ text, location }) => {
    const said = text.replaceAll('\n', ' ');
    if (location === null) return said;
    const at = `line ${location.line}, column ${location.column + 1}: ${said}`;
    return location.file === self ? at : `${location.file}, ${at}`;
  });
};
