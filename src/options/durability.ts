/**
 * When a put counts as stored: once the log is on disk, or at once, with the log synced every so
 * many ms.
 */
export type Durability =
  { readonly kind: 'sync' } | { readonly kind: 'periodic'; readonly everyMs: number };
