/** What a node ends with that was removed; another start would end the same way. */
export class RemovedError extends Error {
  constructor() {
    super(
      'this node was removed from its cluster (quorate remove): the others hold it to be gone for good, and take nothing from it any more. What it alone held is not in the cluster. Put its data directory aside; with an empty one it is a new node',
    );
    this.name = new.target.name;
  }
}
