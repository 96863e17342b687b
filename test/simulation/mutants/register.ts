/** For `node --import`: from here on modules are loaded with the mutant of QUORATE_MUTANT. */
import { register } from 'node:module';

register(new URL('loader.js', import.meta.url));
