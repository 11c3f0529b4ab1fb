/** The trivial transform as an async function that waits for a promise. */
export default async (event) => {
  await null;
  return { ...event, channel: 'bench' };
};
