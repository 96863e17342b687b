/** The driver of each system. */
import type { DriverName } from '../../plan.js';
import type { OpenDriver } from './driver.js';
import { jetStreamLightDriver } from './jetstream-light.js';
import { jetStreamDriver } from './jetstream.js';
import { quorateLightDriver } from './quorate-light.js';
import { quoratePlainDriver } from './quorate-plain.js';
import { quorateDriver } from './quorate.js';
import { redisDriver } from './redis.js';

export const drivers: Readonly<Record<DriverName, OpenDriver>> = {
  quorate: quorateDriver,
  'quorate-plain': quoratePlainDriver,
  'quorate-light': quorateLightDriver,
  jetstream: jetStreamDriver,
  'jetstream-light': jetStreamLightDriver,
  redis: redisDriver,
};
