export function StoryView() {
  return (
    <section class="stack" aria-labelledby="story-view">
      <h2 id="story-view">Story</h2>
    </section>
  );
}
