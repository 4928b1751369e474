/** Shows the result of the calls as the page's title. */
export function showResult(result) {
  result.then(
    (text) => {
      document.title = text;
    },
    (error) => {
      document.title = String(error);
    },
  );
}
