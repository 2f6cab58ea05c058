//! What the tests of the whole share: the built programs, what journeys need,
//! waiting, and rigs.

pub mod apart;
pub mod bare;
pub mod bins;
pub mod contracts;
pub mod dist;
pub mod needs;
pub mod patience;
pub mod proxy;
pub mod sink;
pub mod standin;
