//! The embedded registry and the practice hub, through the binary and with the other engines of this machine.

mod declared;
mod hub;
mod images;
mod peers;
mod serve;
mod transfer;
mod upstream;
