/** The forms of nodes as paths, in a square of 16 by 16. */
import type { NodeForm } from './node-marks.js';

export const formPaths: Readonly<Record<NodeForm, string>> = {
  circle: 'M8,2a6,6 0 1,1 0,12a6,6 0 1,1 0,-12Z',
  square: 'M2.6,2.6H13.4V13.4H2.6Z',
  triangle: 'M8,1.8L14.6,13.6H1.4Z',
  diamond: 'M8,1.2L14.8,8L8,14.8L1.2,8Z',
  pentagon: 'M8,1.6L14.4,6.3L11.9,13.8H4.1L1.6,6.3Z',
  cross: 'M5.6,1.8H10.4V5.6H14.2V10.4H10.4V14.2H5.6V10.4H1.8V5.6H5.6Z',
  drop: 'M8,1.2C11,5 13.2,7.4 13.2,9.8a5.2,5.2 0 1,1 -10.4,0C2.8,7.4 5,5 8,1.2Z',
  hexagon: 'M4.6,2.2H11.4L14.8,8L11.4,13.8H4.6L1.2,8Z',
};
