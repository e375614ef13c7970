//! Jobs from the request that makes them to their end, over a real socket, with a worker that is also killed.

mod idle;
mod imports;
mod imports_stated;
mod shared;
mod walks;
