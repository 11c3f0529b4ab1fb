/** Requests that a browser sends at the same time arrive in any order; a fixture has them in the order of the story. */
import { eventsIn, type FixtureRequest } from './fixture.ts';
import { CALLS, STEPS, titleOf } from './story.ts';

const TITLES: readonly string[] = Object.values(CALLS).flatMap((calls) =>
  calls.map(({ type, message }) => titleOf({ type, ...message })),
);

const rankOf = (request: FixtureRequest): readonly [number, number, string] => {
  const [first] = eventsIn(request);
  const kind = first === undefined ? -1 : TITLES.indexOf(titleOf(first));
  // Preflights come first, by their paths: they are answered before the requests that they are for.
  const asked = request.method === 'OPTIONS' ? JSON.stringify([request.path, request.headers]) : '~';
  return [STEPS.indexOf(request.step), kind, first === undefined ? asked : ''];
};

/** Variants stay in the order in which they were recorded; repeated requests stay in the order of arrival. */
export const inStoryOrder = (requests: readonly FixtureRequest[]): readonly FixtureRequest[] => {
  const variants = [...new Set(requests.map(({ variant }) => variant))];
  return requests.toSorted((a, b) => {
    const [stepA, kindA, textA] = rankOf(a);
    const [stepB, kindB, textB] = rankOf(b);
    return (
      variants.indexOf(a.variant) - variants.indexOf(b.variant) ||
      stepA - stepB ||
      kindA - kindB ||
      (textA < textB ? -1 : Number(textA > textB))
    );
  });
};
