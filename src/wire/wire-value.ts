/** What a message between nodes, or between client and node, is made of. */
export type WireValue = null | boolean | number | string | Uint8Array | readonly WireValue[];
