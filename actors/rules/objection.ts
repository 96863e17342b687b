/** Why there is no such step of the cluster, in words for an operator. */
export type Objection = string;
