/** The messages of a request, with what the steps of those who take part say of them. */
import type { StepNote } from '../../../wire.js';
import type { Journey } from '../../parts/journeys.js';

/** `steps`: in the order of their times. */
export function requestJourneys(
  journeys: readonly Journey[],
  steps: readonly StepNote[],
  client: string,
): Journey[] {
  return journeys.map((journey) => {
    if (journey.arrivedUs === undefined)
      return journey.from === client ? taken(journey, steps) : awaited(journey, steps);
    return journey.to === client ? replied(journey, steps) : journey;
  });
}

/** What a client sends a node does not note as a message: it notes that it was given a request. */
function taken(journey: Journey, steps: readonly StepNote[]): Journey {
  const step = steps.find(
    ({ what, node, atUs }) =>
      what === 'received' && atUs >= journey.sentUs && (journey.to === '' || node === journey.to),
  );
  return step === undefined ? journey : { ...journey, to: step.node, arrivedUs: step.atUs };
}

/** Nor what it sends a client: it notes that it replied. */
function replied(journey: Journey, steps: readonly StepNote[]): Journey {
  const { from, sentUs, arrivedUs } = journey;
  if (sentUs !== arrivedUs) return journey;
  const step = steps.findLast(
    ({ what, node, atUs }) => what === 'replied' && node === from && atUs <= sentUs,
  );
  return step === undefined ? journey : { ...journey, sentUs: step.atUs };
}

function awaited(journey: Journey, steps: readonly StepNote[]): Journey {
  const { to, isAnswer, sentUs } = journey;
  const isDone = steps.some(
    ({ what, node, atUs }) => what === 'settled' && node === to && atUs <= sentUs,
  );
  return isAnswer && isDone ? { ...journey, isUnawaited: true } : journey;
}
