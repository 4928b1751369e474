/** Forwards the calls to an emulator in another process. */
export default {
  fetch: (request: Request, env: { SERVICE: string }): Promise<Response> => {
    const { host, pathname, search } = new URL(request.url);
    return fetch(new Request(`${env.SERVICE}/${host}${pathname}${search}`, request));
  },
};
