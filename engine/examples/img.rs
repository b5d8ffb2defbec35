//! Scratch.
use engine::clock::System;
use engine::paths::Home;
use engine::{Engine, Error, Settings};
use std::fs::File;
use std::sync::Arc;
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let home = Home::new(&args[0], format!("{}/run", args[0]));
    let e = Engine::open(Settings {
        home,
        sandbox: "free".into(),
        binary: "/x".into(),
        via: args[1].clone(),
        clock: Arc::new(System),
        entropy: Arc::new(System),
    })
    .unwrap();
    e.ensure_starter_images().unwrap();
    let t = std::time::Instant::now();
    let show = |r: std::result::Result<String, Error>| match r {
        Ok(s) => eprintln!("{s}"),
        Err(x) => eprintln!("Error: {x} ({:?}) hint {:?}", x.kind(), x.hint()),
    };
    match args[1].as_str() {
        "images" => {
            for i in e.images().unwrap() {
                println!(
                    "{} {:?} {} {:?}",
                    i.id.short(),
                    i.references
                        .iter()
                        .map(|r| r.familiar())
                        .collect::<Vec<_>>(),
                    i.size,
                    i.config.config.labels
                );
            }
        }
        "load" => show(
            e.load(&mut File::open(&args[2]).unwrap())
                .map(|l| format!("{l:?}")),
        ),
        "save" => show(
            e.save(
                &args[3..].to_vec(),
                &mut std::io::BufWriter::new(File::create(&args[2]).unwrap()),
            )
            .map(|_| String::new()),
        ),
        "import" => show(
            e.import(
                &mut File::open(&args[2]).unwrap(),
                engine::engine::archives::ImportRequest {
                    reference: Some(args[3].clone()),
                    ..Default::default()
                },
            )
            .map(|l| format!("{l:?}")),
        ),
        "rmi" => show(
            e.remove_image(&args[2], Default::default())
                .map(|l| format!("{l:#?}")),
        ),
        "history" => show(e.history(&args[2]).map(|l| format!("{l:#?}"))),
        _ => panic!(),
    }
    eprintln!("{:?}", t.elapsed());
}
