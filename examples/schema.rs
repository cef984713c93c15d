fn main() {
    let s = chartwright::values::schema::schema();
    println!("{}", serde_json::to_string_pretty(&s).unwrap());
}
