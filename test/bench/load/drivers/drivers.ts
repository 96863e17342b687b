/** The driver of each system. */
import type { DriverName } from '../../plan.js';
import type { OpenDriver } from './driver.js';
import { jetStreamDriver } from './jetstream.js';
import { quoratePlainDriver } from './quorate-plain.js';
import { quorateDriver } from './quorate.js';
import { redisDriver } from './redis.js';

export const drivers: Readonly<Record<DriverName, OpenDriver>> = {
  quorate: quorateDriver,
  'quorate-plain': quoratePlainDriver,
  'jetstream-kv-r3': jetStreamDriver,
  'jetstream-kv-r1': jetStreamDriver,
  redis: redisDriver,
};
