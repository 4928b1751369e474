//! Runs the futures of one driver.
//!
//! Each driver has its own executor. The runtime of a Durable Object may end its JavaScript at any moment, together
//! with its microtasks. A queue shared by all drivers of an isolate, like that of `wasm_bindgen_futures::spawn_local`,
//! would then wait for a microtask that never runs, and block every other broadcast.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use futures_util::future::{FutureExt, LocalBoxFuture};
use js_sys::Promise;
use wasm_bindgen::prelude::*;

thread_local! {
    /// Wakers must be `Send` and executors are not: a waker holds its executor's number.
    static EXECUTORS: RefCell<Vec<(u32, Weak<Executor>)>> = const { RefCell::new(Vec::new()) };
    static NEXT: Cell<u32> = const { Cell::new(0) };
}

pub(super) struct Executor {
    number: u32,
    tasks: RefCell<Vec<Task>>,
    /// Spawned while others are polled.
    spawned: RefCell<Vec<Task>>,
    is_scheduled: Cell<bool>,
    is_cancelled: Cell<bool>,
    /// `None` only in `drop`.
    run: Option<Closure<dyn FnMut(JsValue)>>,
}

struct Task {
    future: LocalBoxFuture<'static, ()>,
    /// A promise depends on it: it is not cancelled, and must end by itself.
    is_promised: bool,
}

impl Executor {
    pub(super) fn new() -> Rc<Self> {
        let number = NEXT.replace(NEXT.get().wrapping_add(1));
        let executor = Rc::new_cyclic(|weak: &Weak<Self>| {
            let weak = Weak::clone(weak);
            let run = move |_| {
                if let Some(executor) = weak.upgrade() {
                    executor.run();
                }
            };
            Self {
                number,
                tasks: RefCell::default(),
                spawned: RefCell::default(),
                is_scheduled: Cell::new(false),
                is_cancelled: Cell::new(false),
                run: Some(Closure::new(run)),
            }
        });
        EXECUTORS.with_borrow_mut(|executors| executors.push((number, Rc::downgrade(&executor))));
        executor
    }

    /// Starts it in the next microtask.
    pub(super) fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        self.push(future, false);
    }

    fn push(&self, future: impl Future<Output = ()> + 'static, is_promised: bool) {
        self.spawned.borrow_mut().push(Task { future: future.boxed_local(), is_promised });
        self.schedule();
    }

    /// Cancels all futures and their calls, except those that promises depend on.
    pub(super) fn cancel(&self) {
        self.is_cancelled.set(true);
        self.drop_cancelled();
    }

    fn drop_cancelled(&self) {
        // Borrowed during `run`, which then drops them at its end.
        let Ok(mut tasks) = self.tasks.try_borrow_mut() else { return };
        tasks.append(&mut self.spawned.borrow_mut());
        let (promised, cancelled) = tasks.drain(..).partition(|task| task.is_promised);
        *tasks = promised;
        drop(tasks);
        // The application's handling of an abort may call back.
        drop::<Vec<Task>>(cancelled);
    }

    /// Runs it, and settles a promise with its result.
    pub(super) fn promise(
        &self,
        future: impl Future<Output = Result<JsValue, JsValue>> + 'static,
    ) -> Promise {
        let mut future = Some(future);
        Promise::new(&mut |resolve, reject| {
            let Some(future) = future.take() else { return };
            let settled = async move {
                // Neither function throws.
                let _ = match future.await {
                    Ok(value) => resolve.call1(&JsValue::UNDEFINED, &value),
                    Err(error) => reject.call1(&JsValue::UNDEFINED, &error),
                };
            };
            self.push(settled, true);
        })
    }

    fn schedule(&self) {
        let Some(run) = &self.run else { return };
        if !self.is_scheduled.replace(true) {
            let _ = Promise::resolve(&JsValue::UNDEFINED).then(run);
        }
    }

    fn run(&self) {
        self.is_scheduled.set(false);
        // Still borrowed if the runtime ended it halfway: then nothing may continue.
        let Ok(mut tasks) = self.tasks.try_borrow_mut() else { return };
        let waker = Waker::from(Arc::new(Number(self.number)));
        let mut context = Context::from_waker(&waker);
        loop {
            tasks.append(&mut self.spawned.borrow_mut());
            // Polls all: a broadcast has few calls in flight.
            tasks.retain_mut(|task| task.future.poll_unpin(&mut context).is_pending());
            if self.spawned.borrow().is_empty() {
                break;
            }
        }
        drop(tasks);
        if self.is_cancelled.get() {
            self.drop_cancelled();
        }
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        EXECUTORS.with_borrow_mut(|executors| executors.retain(|(number, _)| *number != self.number));
        // A queued microtask will still call the closure, which does nothing: the garbage collector frees it.
        if self.is_scheduled.get()
            && let Some(run) = self.run.take()
        {
            run.into_js_value();
        }
    }
}

/// The number of the executor to wake.
struct Number(u32);

impl Wake for Number {
    fn wake(self: Arc<Self>) {
        let executor = EXECUTORS
            .with_borrow(|executors| executors.iter().find(|(number, _)| *number == self.0)?.1.upgrade());
        if let Some(executor) = executor {
            executor.schedule();
        }
    }
}
