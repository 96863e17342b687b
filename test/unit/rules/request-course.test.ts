import { describe, expect, test } from '@jest/globals';
import {
  courseAfter,
  mayBeStoredAfter,
  refusalAtDeadline,
  type Course,
  type RequestFacts,
} from '../../../actors/rules/request-course.js';

const get: RequestFacts = { kind: 'get', mayBeStored: false, alone: false, heldBack: undefined };
const put: RequestFacts = { ...get, kind: 'put' };

describe('the course of a request', () => {
  test.each<[what: string, RequestFacts, code: number, outcome: 'none' | 'unknown', Course]>([
    ['a get whose reply did not fit', get, 413, 'none', 'alone'],
    ['a get whose reply does not even fit alone', { ...get, alone: true }, 413, 'none', 'failed'],
    ['a put that is too large', put, 413, 'none', 'failed'],
    ['a put that a busy node did not take', put, 429, 'none', 'heldBack'],
    ['a put that was busy at a second place', put, 429, 'unknown', 'again'],
    ['a put without a quorum', put, 503, 'unknown', 'again'],
    ['a get that came too late', get, 504, 'none', 'again'],
    ['a put by another configuration', put, 421, 'none', 'rerouted'],
    ['a get by another configuration', get, 421, 'none', 'rerouted'],
    ['a put that makes no sense', put, 400, 'none', 'failed'],
    ['a put with one sibling too many', put, 409, 'none', 'failed'],
  ])('%s', (_what, request, code, outcome, course) => {
    expect(courseAfter(request, { code, outcome }, false)).toBe(course);
  });

  test('whatever one primary says of a get but that it does not fit, a coordinator knows better', () => {
    for (const code of [400, 404, 421, 429, 503, 504])
      expect(courseAfter(get, { code, outcome: 'none' }, true)).toBe('coordinated');
    expect(courseAfter(get, { code: 413, outcome: 'none' }, true)).toBe('alone');
    const alone = { ...get, alone: true };
    expect(courseAfter(alone, { code: 413, outcome: 'none' }, true)).toBe('coordinated');
  });
});

describe('a put may be stored', () => {
  test('once a try of it ended unknown, whatever the later ones say; a get never', () => {
    expect(mayBeStoredAfter(put, 'none')).toBe(false);
    expect(mayBeStoredAfter(put, 'unknown')).toBe(true);
    expect(mayBeStoredAfter({ ...put, mayBeStored: true }, 'none')).toBe(true);
    expect(mayBeStoredAfter(get, 'unknown')).toBe(false);
  });

  test('at its deadline if it is on its way; one that was held back is told why', () => {
    expect(refusalAtDeadline(put, true)).toEqual({ code: 504, outcome: 'unknown' });
    expect(refusalAtDeadline(put, false)).toEqual({ code: 504, outcome: 'none' });
    const held = { ...put, heldBack: 'the log is behind the writes' };
    expect(refusalAtDeadline(held, false)).toEqual({ code: 429, outcome: 'none' });
    expect(refusalAtDeadline(held, true)).toEqual({ code: 504, outcome: 'unknown' });
  });
});
