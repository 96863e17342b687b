/** What `quorate up` is asked for. */
export interface WishedCluster {
  /** Undefined: as many as there are. */
  readonly nodes: number | undefined;
  /** Names of nodes that are not started. */
  readonly without: readonly string[];
  /** Names of nodes whose data are gone for good: new ones come in their stead. */
  readonly replaces: readonly string[];
}

/** Of a new cluster: more than its replicas, so that there is one to stand in for a dead one. */
export const nodesDefault = 5;
