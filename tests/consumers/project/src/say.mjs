/** What came of the calls, as the title of the page. */
export function say(said) {
  said.then(
    (text) => {
      document.title = text;
    },
    (error) => {
      document.title = String(error);
    },
  );
}
