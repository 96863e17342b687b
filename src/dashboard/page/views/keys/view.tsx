export function KeysView() {
  return (
    <section class="stack" aria-labelledby="keys-view">
      <h2 id="keys-view">Keys</h2>
    </section>
  );
}
