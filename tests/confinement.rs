//! What a module from elsewhere has run is confined by the kernel: a granted command is a deputy with all the
//! rights of the sidecar, and obeys a link, a script or a configuration that the module laid.

mod attacks;
mod tools;
mod without;
mod world;
